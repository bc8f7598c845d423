import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { answered, CommandError, isRecord, type CommandName, type Connection, type Parameters } from "./connection.ts";

/** A session of Firefox's own protocol, which geckodriver speaks too: JSON arrays, each after its length and a colon. */
export interface Marionette extends Connection {
  /** Firefox's version. */
  readonly version: string;
  /** Runs a function body with the rights of the browser itself: preferences, permissions, all cookies. */
  inBrowser(script: string, ...args: readonly unknown[]): Promise<unknown>;
  quit(): Promise<void>;
}

type Send = (command: string, parameters?: Parameters) => Promise<unknown>;

export async function connectMarionette(port: number): Promise<Marionette> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  const send = sender(socket);
  const session = await send("WebDriver:NewSession", { unhandledPromptBehavior: "ignore" });
  const capabilities = isRecord(session) && isRecord(session["capabilities"]) ? session["capabilities"] : {};
  return {
    version: String(capabilities["browserVersion"]),
    // Scripts run as the page's own, so that what they leave in it stays.
    command: async (name: CommandName, parameters) =>
      send(`WebDriver:${name}`, {
        ...parameters,
        ...(name === "ExecuteScript" && { sandbox: null, newSandbox: false }),
      }),
    async inBrowser(script, ...args) {
      await send("Marionette:SetContext", { value: "chrome" });
      try {
        return await send("WebDriver:ExecuteScript", { script, args });
      } finally {
        await send("Marionette:SetContext", { value: "content" });
      }
    },
    async quit() {
      await send("Marionette:Quit", { flags: ["eForceQuit"] });
      socket.destroy();
    },
  };
}

function sender(socket: Socket): Send {
  const waiting = new Map<number, (error: unknown, result: unknown) => void>();
  let lastId = 0;
  onMessages(socket, (message) => {
    if (!Array.isArray(message)) return;
    const [, id, error, result] = message as unknown as readonly [number, number, unknown, unknown];
    waiting.get(id)?.(error, result);
    waiting.delete(id);
  });
  socket.on("close", () => {
    for (const settle of waiting.values()) settle({ error: "closed", message: "Firefox has gone" }, undefined);
    waiting.clear();
  });
  const ask: Send = async (command, parameters = {}) =>
    new Promise((resolve, reject) => {
      const id = ++lastId;
      waiting.set(id, (error, result) => {
        if (isRecord(error)) reject(new CommandError(command, String(error["error"]), String(error["message"])));
        else resolve(isRecord(result) && "value" in result ? result["value"] : result);
      });
      const text = JSON.stringify([0, id, command, parameters]);
      socket.write(`${Buffer.byteLength(text)}:${text}`);
    });
  return async (command, parameters) => answered(command, ask(command, parameters));
}

function onMessages(socket: Socket, listener: (message: unknown) => void): void {
  let received = Buffer.alloc(0);
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => {
    received = Buffer.concat([received, chunk]);
    for (;;) {
      const start = received.indexOf(":") + 1;
      const end = start + Number(received.subarray(0, start - 1).toString());
      if (start === 0 || received.length < end) return;
      listener(JSON.parse(received.subarray(start, end).toString()));
      received = received.subarray(end);
    }
  });
}
