import { describeFaults } from "./store/described.ts";

describeFaults("calls");
