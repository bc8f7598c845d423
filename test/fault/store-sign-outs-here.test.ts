import { describeFaults } from "./store/described.ts";

describeFaults("sign-outs-here");
