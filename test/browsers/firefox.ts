import { spawn, type ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";
import { connectMarionette, type Marionette } from "./marionette.ts";
import { openTab, type Tab } from "./tab.ts";
import type { OtherBrowser } from "./other-browser.ts";

// Below the project: Firefox from a snap sees no temporary files.
const cache = join(import.meta.dirname, "../../node_modules/.cache");

/** What Firefox does at a start that is not the person's business here, and asks of the network. */
const preferences = {
  "marionette.port": 0,
  "browser.shell.checkDefaultBrowser": false,
  "browser.sessionstore.resume_from_crash": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "toolkit.telemetry.reportingpolicy.firstRun": false,
  "app.update.disabledForTesting": true,
  "app.normandy.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "services.settings.server": "data:,#remote-settings-dummy/v1",
  "browser.safebrowsing.malware.enabled": false,
  "browser.safebrowsing.phishing.enabled": false,
  // Each site has a process of its own, but none is started before it is needed.
  "dom.ipc.processPrelaunch.enabled": false,
} as const;

/** Starts Firefox, headless, with a profile of its own. One start serves all flows: `fresh` forgets what was before. */
export async function startFirefox(executable: string): Promise<OtherBrowser> {
  await mkdir(cache, { recursive: true });
  const profile = await mkdtemp(join(cache, "firefox-"));
  const lines = Object.entries(preferences).map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});`);
  await writeFile(join(profile, "user.js"), lines.join("\n"));
  const args = ["--headless", "--marionette", "--remote-allow-system-access", "--no-remote", "--profile", profile];
  const firefox = spawn(executable, args, { stdio: "ignore" });
  // Also when this process is told to end.
  process.once("exit", () => firefox.kill("SIGKILL"));
  try {
    const marionette = await connectMarionette(await portOf(firefox, profile));
    return browserOf(marionette, async () => {
      await marionette.quit().catch(() => undefined);
      await end(firefox, profile);
    });
  } catch (error) {
    firefox.kill("SIGKILL");
    await end(firefox, profile);
    throw error;
  }
}

/** Waits for the Firefox that was asked to end, and kills one that does not. */
async function end(firefox: ChildProcess, profile: string): Promise<void> {
  const hasEnded = (): boolean => firefox.pid === undefined || firefox.exitCode !== null || firefox.signalCode !== null;
  await eventually("Firefox ends", hasEnded, 20_000).catch(() => firefox.kill("SIGKILL"));
  await eventually("Firefox is gone", hasEnded);
  await rm(profile, { recursive: true, force: true, maxRetries: 5 });
}

async function portOf(firefox: ChildProcess, profile: string): Promise<number> {
  let port = 0;
  let failure: Error | undefined;
  firefox.on("error", (error) => (failure = error));
  firefox.on("exit", (code) => (failure = new Error(`Firefox ended with ${code} instead of starting`)));
  await eventually(
    "Firefox listens",
    async () => {
      if (failure !== undefined) return true;
      port = Number(await readFile(join(profile, "MarionetteActivePort"), "utf8"));
      return port > 0;
    },
    90_000,
  );
  if (failure !== undefined) throw failure;
  return port;
}

function browserOf(marionette: Marionette, stop: () => Promise<void>): OtherBrowser {
  const newTab = async (): Promise<Tab> => openTab(marionette, true);
  return {
    name: "Firefox",
    version: marionette.version,
    device: "Firefox on Linux",
    cookiePrefix: "__Host-",
    async fresh(settings = {}) {
      await marionette.inBrowser(reset, settings.cookies ?? "kept", settings.origin ?? "", settings.scripts ?? true);
      return newTab();
    },
    newTab,
    stop,
  };
}

/** Everything that a person of an earlier flow has left goes; then what the settings of the next one say. */
const reset = `
  const [cookies, origin, scripts] = arguments;
  Services.cookies.removeAll();
  Services.perms.removeAll();
  Services.prefs.setIntPref("network.cookie.cookieBehavior", cookies === "blocked" ? 2 : 5);
  Services.prefs.setBoolPref("javascript.enabled", scripts);
  if (cookies === "blocked for the app") {
    const principal = Services.scriptSecurityManager.createContentPrincipalFromOrigin(origin);
    Services.perms.addFromPrincipal(principal, "cookie", Services.perms.DENY_ACTION);
  }`;
