import assert from "node:assert/strict";
import { DriverFailure, isRecord, type Connection } from "./connection.ts";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";

/** A tab, used by what a person sees in it. Everything waits until it is there, for a busy machine long enough. */
export interface Tab {
  goTo(url: string): Promise<void>;
  reload(): Promise<void>;
  /** The browser's Back button. */
  back(): Promise<void>;
  url(): Promise<string>;
  /** Clicks the button or link with that very name, or a part of it. */
  click(name: string | { readonly containing: string }): Promise<void>;
  seesHeading(text: string): Promise<void>;
  /** Waits for a text on display; part of an element's own text is enough. */
  sees(text: string): Promise<void>;
  /** Whether such a text is on display now. */
  shows(text: string): Promise<boolean>;
  /** All that the page holds, also what is not on display. */
  source(): Promise<string>;
  /** Cookies that the browser would send to the present page. */
  cookies(): Promise<readonly { readonly name: string; readonly value: string }[]>;
  /** What an expression comes to in the page. */
  evaluate(expression: string): Promise<unknown>;
}

const waitMs = 45_000;
/** Of an element, in W3C WebDriver section 12.3. */
const elementKey = "element-6066-11e4-a52e-4f735466cecf";

/** @param isNew whether the connection is to open a tab, rather than use the one that there is */
export async function openTab(connection: Connection, isNew: boolean): Promise<Tab> {
  const command: Connection["command"] = isNew
    ? await inNewTab(connection)
    : async (name, parameters) => connection.command(name, parameters);

  async function find(xpath: string): Promise<string | undefined> {
    const found = await command("FindElements", { using: "xpath", value: xpath });
    for (const element of found as readonly Readonly<Record<string, string>>[]) {
      const id = element[elementKey] ?? "";
      if ((await command("IsElementDisplayed", { id })) === true) return id;
    }
    return undefined;
  }
  // A command fails while the page changes under it: then it is given again, unless the driver is at fault.
  const soon = async (what: string, check: () => Promise<boolean>): Promise<void> => {
    let failure: DriverFailure | undefined;
    const checkOrFail = async (): Promise<boolean> =>
      check().catch((error: unknown) => {
        if (error instanceof DriverFailure) failure = error;
        return failure !== undefined;
      });
    await eventually(what, checkOrFail, waitMs).catch(async (error: unknown) => {
      const text = await command("GetPageSource");
      throw new Error(`${what}: not in ${waitMs} ms, at\n${String(text).slice(0, 4_000)}`, { cause: error });
    });
    if (failure !== undefined) throw failure;
  };
  const seesElement = async (what: string, xpath: string): Promise<void> =>
    soon(what, async () => (await find(xpath)) !== undefined);

  return {
    goTo: async (url) => void (await command("Navigate", { url })),
    reload: async () => void (await command("Refresh")),
    // By the page's own means: WebKitGTK's driver does not come back from the command.
    back: async () => void (await command("ExecuteScript", { script: "history.back()", args: [] })),
    url: async () => String(await command("GetCurrentURL")),
    async click(name) {
      await soon(`Click ${JSON.stringify(name)}`, async () => {
        const id = await find(controlNamed(name));
        if (id !== undefined) await command("ElementClick", { id });
        return id !== undefined;
      });
    },
    seesHeading: async (text) =>
      seesElement(`The heading “${text}”`, `//*[self::h1 or self::h2][normalize-space()=${quoted(text)}]`),
    sees: async (text) => seesElement(`The text “${text}”`, textContaining(text)),
    shows: async (text) => (await find(textContaining(text))) !== undefined,
    source: async () => String(await command("GetPageSource")),
    async cookies() {
      const found = await command("GetCookies");
      assert.ok(Array.isArray(found), "The browser lists no cookies");
      return found.filter(isRecord).map(({ name, value }) => ({ name: String(name), value: String(value) }));
    },
    evaluate: async (expression) => command("ExecuteScript", { script: `return ${expression};`, args: [] }),
  };
}

/** Commands go to whichever tab was switched to last: each one switches first. */
async function inNewTab(connection: Connection): Promise<Connection["command"]> {
  const opened = await connection.command("NewWindow", { type: "tab" });
  const handle = isRecord(opened) ? opened["handle"] : undefined;
  assert.ok(typeof handle === "string", "The browser opened no tab");
  return async (name, parameters) => {
    await connection.command("SwitchToWindow", { handle });
    return connection.command(name, parameters);
  };
}

function controlNamed(name: string | { readonly containing: string }): string {
  const wanted =
    typeof name === "string"
      ? `(normalize-space()=${quoted(name)} or @aria-label=${quoted(name)})`
      : `(contains(normalize-space(), ${quoted(name.containing)}) or contains(@aria-label, ${quoted(name.containing)}))`;
  return `//*[self::button or self::a][${wanted}]`;
}

function textContaining(text: string): string {
  return `//body//*[text()[contains(normalize-space(), ${quoted(text)})]]`;
}

/** As an XPath string, which has no escapes. */
function quoted(text: string): string {
  assert.ok(!text.includes("'"), "No apostrophes");
  return `'${text}'`;
}
