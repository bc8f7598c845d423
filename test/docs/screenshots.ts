import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { readArguments } from "../../scripts/arguments.ts";
import type { World } from "../support/world.ts";

const usage = `Takes the pictures of the documentation on the local platform, at desktop size and with light colours.

Usage: npm run docs:screenshots [-- <folder>]

The folder is docs/images unless given.
`;

const { positionals } = readArguments({ usage, maxPositionals: 1 });
const [folder = "docs/images"] = positionals;
const maxBytes = 150_000;
const person = "Ada Lindqvist";
const viewport = { width: 1120, height: 760 };

// After the arguments: they load the whole platform.
const { chromium } = await import("playwright-core");
const { findChromium } = await import("../support/chromium.ts");
const { startWorld } = await import("../support/world.ts");
await mkdir(folder, { recursive: true });
const world = await startWorld();
const { executablePath, environment } = await findChromium();
const browser = await chromium.launch({
  executablePath,
  env: { ...process.env, ...environment },
  args: ["--no-sandbox", "--disable-background-networking"],
});
try {
  const context = await browser.newContext({ viewport, colorScheme: "light" });
  await takePictures(context, world);
} finally {
  await browser.close();
  await world.stop();
}

/** The story that `npm start` suggests. */
async function takePictures(context: BrowserContext, parts: World): Promise<void> {
  const { publicBaseUrl, cosmos, secondApp, identityProvider } = parts;
  const documents = await open(context, cosmos.url);
  const app = await open(context, publicBaseUrl);
  await app.getByRole("link", { name: "Sign in" }).click();
  await app.getByRole("heading", { name: "Pick an account" }).waitFor();
  await save(app, "account-picker");

  await app.getByRole("button", { name: person }).click();
  await app.getByRole("heading", { name: "You are signed in" }).waitFor();
  await app.getByTestId("call-graph").click();
  await app.getByText(`"displayName": "${person}"`).waitFor();
  await app.setViewportSize({ ...viewport, height: 1040 });
  await save(app, "page");
  await app.setViewportSize(viewport);

  await documents.bringToFront();
  await documents
    .getByText(/^Created at /)
    .first()
    .waitFor();
  await save(documents, "documents");

  const other = await open(context, secondApp.url);
  await other.getByRole("link", { name: "Sign in" }).click();
  await other.getByRole("heading", { name: `Hello, ${person}` }).waitFor();
  await save(other, "other-app");
  // As with `npm start`.
  identityProvider.controls.holdSignOutPage = true;
  await other.getByRole("button", { name: "Sign out" }).click();
  await other.getByText("Your apps have been told.").waitFor();
  await save(other, "signing-out");
  await other.getByRole("link", { name: "Continue" }).click();
  await other.getByRole("heading", { name: "You are signed out" }).waitFor();

  await app.bringToFront();
  await app.evaluate("dispatchEvent(new Event('focus'))");
  await app.getByRole("heading", { name: "You have been signed out" }).waitFor();
  await save(app, "signed-out-elsewhere");

  await documents.bringToFront();
  await documents.getByText(/^Deleted by the sign-out at /).waitFor();
  await documents.getByRole("figure").waitFor({ state: "detached" });
  await save(documents, "documents-gone");
}

async function open(context: BrowserContext, url: string): Promise<Page> {
  const tab = await context.newPage();
  await tab.goto(url);
  return tab;
}

async function save(tab: Page, name: string): Promise<void> {
  // Focus rings and hover come from the clicks that led here.
  await tab.mouse.move(0, 0);
  const path = join(folder, `${name}.png`);
  await tab.screenshot({ path, animations: "disabled", caret: "hide" });
  const { size } = await stat(path);
  console.log(`${path} ${Math.round(size / 1000)} KB`);
  if (size > maxBytes) throw new Error(`${path} is larger than ${maxBytes / 1000} KB`);
}
