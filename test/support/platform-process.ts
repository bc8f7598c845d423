import { startApp, startPlatform, type Ports } from "@entra-functions-bff/development";
import { generatePeople } from "./people.ts";

/**
 * The whole local platform and one instance of the app, as a process that can be killed with everything in it.
 * Arguments: folder, ports as JSON, how many people. Prints "ready" when it can be used.
 */
const [folder = "", ports = "", people = "0"] = process.argv.slice(2);
const givenPorts = JSON.parse(ports) as Ports;
const platform = await startPlatform({ folder, ports: givenPorts, people: generatePeople(Number(people)) });
await startApp(platform, { appFolder: ".", port: givenPorts.app });
console.log("ready");
