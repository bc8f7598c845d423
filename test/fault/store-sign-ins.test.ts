import { describeFaults } from "./store/described.ts";

describeFaults("sign-ins");
