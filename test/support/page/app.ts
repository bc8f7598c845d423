/** The app that browsers are tested with: this project's own, with a page of the tests instead of the one at `/`. */
import { bff } from "entra-functions-bff";
import { profile } from "../../../functions/profile.ts";

const auth = bff({ files: "public" });
auth.http("profile", profile);
