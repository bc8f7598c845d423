import { bff } from "entra-functions-bff";
import { profile } from "./profile.ts";

const auth = bff({ name: "{{title}}" });
auth.http("profile", profile);
