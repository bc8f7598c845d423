import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";
import { freePorts } from "../support/world.ts";
import { CommandError, isRecord, type CommandName, type Connection, type Parameters } from "./connection.ts";
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
  const environment = await environmentOf(screen, home);
  let session = await startSession(programs, environment, {});
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
      await ended(screen, () => screen.kill());
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** The screen's number comes when it is there. Nothing of the person's own desktop and settings is used. */
async function environmentOf(screen: ChildProcess, home: string): Promise<Record<string, string>> {
  const [number] = (await once(screen.stdio[3] as Readable, "data")) as [Buffer];
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
  const kill = async (): Promise<void> => ended(driver, () => process.kill(-(driver.pid ?? 0), "SIGKILL"));
  try {
    await eventually("WebKitWebDriver listens", async () => (await fetch(`${url}/status`)).ok, 60_000);
    return await openSession(programs, url, settings, kill);
  } catch (error) {
    await kill();
    throw error;
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
  const response = await fetch(url + path, {
    method,
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(60_000),
  });
  const answer: unknown = await response.json();
  const value = isRecord(answer) ? answer["value"] : undefined;
  if (response.ok) return value;
  const { error, message } = isRecord(value) ? value : {};
  throw new CommandError(`${method} ${path}`, String(error), String(message));
}
