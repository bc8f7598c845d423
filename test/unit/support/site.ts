import type { Site } from "../../../shared/http/page.ts";
import { english } from "../../../shared/texts/english.ts";

/** An app's pages in English. */
export const site: Site = { appName: "Contoso Orders", basePath: "", texts: english };
