import { bff } from "entra-functions-bff";
import { profile } from "./profile.ts";

const auth = bff();
auth.http("profile", profile);
