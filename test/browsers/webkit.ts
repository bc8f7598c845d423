import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";
import { freePorts } from "../support/world.ts";
import {
  answered,
  CommandError,
  DriverFailure,
  isRecord,
  type CommandName,
  type Connection,
  type Parameters,
} from "./connection.ts";
import { openTab } from "./tab.ts";
import type { FreshSettings, OtherBrowser } from "./other-browser.ts";

/** Where WebKitGTK's programs are. */
export interface WebKitPrograms {
  readonly driver: string;
  readonly miniBrowser: string;
  /** The X server without a screen. */
  readonly xvfb: string;
}

/**
 * Starts an X server for WebKitGTK. Each flow has a driver and a browser of its own, with one tab: the driver keeps
 * nothing, and one that got stuck stops nobody else.
 */
export async function startWebKit(programs: WebKitPrograms): Promise<OtherBrowser> {
  const home = await mkdtemp(join(tmpdir(), "webkit-"));
  const screen = spawn(programs.xvfb, ["-displayfd", "3", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"], {
    stdio: ["ignore", "ignore", "ignore", "pipe"],
  });
  process.once("exit", () => screen.kill());
  const endScreen = async (): Promise<void> => {
    await ended(screen, () => screen.kill());
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const environment = await environmentOf(screen, home);
    return browserOf(programs, environment, await startSession(programs, environment, {}), endScreen);
  } catch (error) {
    await endScreen();
    throw error;
  }
}

function browserOf(
  programs: WebKitPrograms,
  environment: Readonly<Record<string, string>>,
  first: Session,
  endScreen: () => Promise<void>,
): OtherBrowser {
  let session = first;
  return {
    name: "WebKitGTK",
    version: session.version,
    device: "Safari on Linux",
    // On http://localhost, where WebKit keeps no cookie with it.
    cookiePrefix: "",
    async fresh(settings = {}) {
      await session.end();
      session = await startSession(programs, environment, settings);
      return openTab(session, false);
    },
    async stop() {
      await session.end();
      await endScreen();
    },
  };
}

/** The screen's number comes when it is there. Nothing of the person's own desktop and settings is used. */
async function environmentOf(screen: ChildProcess, home: string): Promise<Record<string, string>> {
  const announced = once(screen.stdio[3] as Readable, "data");
  const [number] = (await answered("the start of Xvfb", announced)) as [Buffer];
  return {
    DISPLAY: `:${number.toString().trim()}`,
    GDK_BACKEND: "x11",
    GSETTINGS_BACKEND: "memory",
    HOME: home,
    LIBGL_ALWAYS_SOFTWARE: "1",
    NO_AT_BRIDGE: "1",
    XDG_RUNTIME_DIR: home,
  };
}

interface Session extends Connection {
  readonly version: string;
  end(): Promise<void>;
}

async function startSession(
  programs: WebKitPrograms,
  environment: Readonly<Record<string, string>>,
  settings: FreshSettings,
): Promise<Session> {
  const { cosmos: port } = await freePorts();
  const url = `http://127.0.0.1:${port}`;
  // In a group of its own: the browser's processes are the driver's children.
  const driver = spawn(programs.driver, ["--host=127.0.0.1", `--port=${port}`], {
    stdio: "ignore",
    detached: true,
    env: { ...process.env, ...environment },
  });
  const killGroup = (): unknown => driver.pid !== undefined && process.kill(-driver.pid, "SIGKILL");
  // Also when this process is told to end.
  process.once("exit", killGroup);
  const kill = async (): Promise<void> => {
    process.off("exit", killGroup);
    await ended(driver, killGroup);
  };
  try {
    await eventually("WebKitWebDriver listens", async () => (await fetch(`${url}/status`)).ok);
    return await openSession(programs, url, settings, kill);
  } catch (error) {
    await kill();
    throw new DriverFailure(`WebKitWebDriver started no browser (${String(error)})`, { cause: error });
  }
}

async function openSession(
  programs: WebKitPrograms,
  url: string,
  settings: FreshSettings,
  kill: () => Promise<void>,
): Promise<Session> {
  const args = [
    "--automation",
    ...(settings.cookies === "blocked" ? ["--cookies-policy=never"] : []),
    ...(settings.scripts === false ? ["--enable-javascript=false"] : []),
  ];
  const options = { binary: programs.miniBrowser, args };
  const started = await send(url, "POST", "/session", {
    capabilities: { alwaysMatch: { "webkitgtk:browserOptions": options } },
  });
  const { sessionId, capabilities } = started as { sessionId: string; capabilities: { browserVersion: string } };
  return {
    version: capabilities.browserVersion,
    async command(name, parameters = {}) {
      const { id, ...rest } = parameters;
      const [method, tail] = requests[name];
      const path = `/session/${sessionId}${tail.replace("{id}", String(id))}`;
      return send(url, method, path, method === "POST" ? rest : undefined);
    },
    end: kill,
  };
}

/** Ends it and waits until it is gone. */
async function ended(child: ChildProcess, end: () => unknown): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  end();
  await gone;
}

const requests: Readonly<Record<CommandName, readonly [method: "GET" | "POST", path: string]>> = {
  Navigate: ["POST", "/url"],
  Refresh: ["POST", "/refresh"],
  GetCurrentURL: ["GET", "/url"],
  FindElements: ["POST", "/elements"],
  IsElementDisplayed: ["GET", "/element/{id}/displayed"],
  ElementClick: ["POST", "/element/{id}/click"],
  GetPageSource: ["GET", "/source"],
  ExecuteScript: ["POST", "/execute/sync"],
  GetCookies: ["GET", "/cookie"],
  NewWindow: ["POST", "/window/new"],
  SwitchToWindow: ["POST", "/window"],
};

async function send(url: string, method: string, path: string, body?: Parameters): Promise<unknown> {
  const asked = fetch(url + path, { method, ...(body && { body: JSON.stringify(body) }) });
  const whole = asked.then(async (response) => ({ ok: response.ok, answer: await response.json() }));
  const { ok, answer } = await answered(`${method} ${path}`, whole);
  const value = isRecord(answer) ? answer["value"] : undefined;
  if (ok) return value;
  const { error, message } = isRecord(value) ? value : {};
  throw new CommandError(`${method} ${path}`, String(error), String(message));
}
