import { bff } from "entra-functions-bff";
import { profile } from "./profile.ts";

const auth = bff({ name: "{{title}}", files: "public" });
auth.http("profile", profile);
