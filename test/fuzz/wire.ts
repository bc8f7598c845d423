import { connect } from "node:net";
import { sha256Base64Url } from "../../shared/core/encoding.ts";
import type { Stage } from "../fault/store/stage.ts";
import { logoutToken } from "../support/logout-token.ts";
import { administratorHeaders } from "../support/race.ts";
import { parseAnswers, type RawAnswer } from "@entra-functions-bff/stand-in-kit/raw-answers";
import { sessionCookie } from "../support/world.ts";
import type { FuzzedCookie, FuzzedRequest } from "./requests.ts";

/** The bytes of a request, with what its placeholders stand for. */
export async function bytesOf(request: FuzzedRequest, stage: Stage): Promise<Buffer> {
  const { fill, session } = await setting(request, stage);
  const clean = (text: string) => (request.raw ? fill(text) : fill(text).replaceAll(/[\0\r\n]/g, ""));
  const inUrl = (text: string) =>
    request.raw ? fill(text) : fill(text).replaceAll(/[\0-\x20\x7f-\u{10ffff}#]/gu, quoted);
  const query = request.query.map(([name, value]) => `${inUrl(name)}=${inUrl(value)}`).join("&");
  const state = request.query.find(([name]) => name === "state")?.[1] ?? "";
  const body = request.logoutToken ? await tokenForm(request.logoutToken, stage, fill) : request.body;
  const named = new Set(request.headers.map(([name]) => name));
  const lines = [
    `${request.method} ${inUrl(request.path)}${query && `?${query}`} HTTP/1.1`,
    ...(named.has("host") ? [] : [`host: ${new URL(stage.world.publicBaseUrl).host}`]),
    ...request.headers.map(([name, value]) => `${name}: ${clean(value)}`),
    `cookie: ${clean(cookieHeader(request.cookie, fill(state), session, fill))}`,
    ...(body && !named.has("content-length") && !named.has("transfer-encoding")
      ? [`content-length: ${body.byteLength}`]
      : []),
  ];
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), body ?? Buffer.alloc(0)]);
}

async function tokenForm(
  claims: Readonly<Record<string, unknown>>,
  { world }: Stage,
  fill: (text: string) => string,
): Promise<Uint8Array> {
  const filled = Object.entries(claims).map(([name, value]) => [name, typeof value === "string" ? fill(value) : value]);
  const token = await logoutToken(world, Object.fromEntries(filled) as Record<string, unknown>);
  return new TextEncoder().encode(`logout_token=${token}`);
}

function quoted(character: string): string {
  return [...Buffer.from(character)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
}

/** A session that the request may use, and the texts that its placeholders stand for. */
async function setting(
  { cookie }: FuzzedRequest,
  stage: Stage,
): Promise<{ fill: (text: string) => string; session: string }> {
  const isGood = cookie.session === "fresh" || cookie.session === "stale";
  const seeded = isGood ? await stage.seed({ tokens: cookie.session }) : undefined;
  const values: Readonly<Record<string, string>> = {
    "{self}": stage.world.publicBaseUrl,
    "{sid}": seeded?.sid ?? "unknown",
    "{session}": seeded?.sessionKey ?? "unknown",
    "{homeAccountId}": seeded?.homeAccountId ?? "unknown",
    "{functionKey}": administratorHeaders["x-functions-key"],
  };
  const fill = (text: string) => text.replaceAll(/\{\w+\}/g, (placeholder) => values[placeholder] ?? placeholder);
  return { fill, session: seeded?.client.cookies("localhost").get(sessionCookie) ?? "" };
}

function cookieHeader(cookie: FuzzedCookie, state: string, session: string, fill: (text: string) => string): string {
  const { signIn, signOut, more } = cookie;
  const invented = `${"a".repeat(43)}.${"b".repeat(43)}`;
  const value = cookie.session === "invented" ? invented : session;
  return [
    ...(value ? [`${sessionCookie}=${value}`] : []),
    ...(signIn ? [`__Host-signin-${sha256Base64Url(state).slice(0, 16)}=${transaction(signIn, state, fill)}`] : []),
    ...(signOut ? [`__Host-signout-${state}=${Buffer.from(fill(signOut.returnUrl)).toString("base64url")}`] : []),
    ...(more ? [more] : []),
  ].join("; ");
}

function transaction(
  { returnUrl, silent }: { returnUrl: string; silent: boolean },
  state: string,
  fill: (text: string) => string,
) {
  const [nonce, codeVerifier] = ["n".repeat(43), "v".repeat(43)];
  const value = { state, nonce, codeVerifier, returnUrl: fill(returnUrl), silent, startedAt: Date.now() };
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/**
 * Sends bytes and takes what comes back: no answer, one, or several if the bytes were several requests.
 * @param patienceMs how long to wait for an answer: what is only part of a request gets none
 */
export async function send(url: string, bytes: Uint8Array, patienceMs: number): Promise<RawAnswer[]> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  const received: Buffer[] = [];
  const done = Promise.withResolvers<void>();
  const head = Buffer.from(bytes.subarray(0, 5)).toString().toUpperCase() === "HEAD ";
  let ended = false;
  const timer = setTimeout(done.resolve, patienceMs);
  socket.on("data", (data: Buffer) => {
    received.push(data);
    try {
      const { answers, rest } = parseAnswers(Buffer.concat(received), { head });
      // More may follow, but as a rule it is one.
      if (answers.length > 0 && rest === 0) setTimeout(done.resolve, 2);
    } catch (error) {
      done.reject(error);
    }
  });
  socket.on("error", () => done.resolve());
  socket.on("close", () => {
    ended = true;
    done.resolve();
  });
  socket.write(bytes);
  await done.promise;
  clearTimeout(timer);
  socket.destroy();
  return parseAnswers(Buffer.concat(received), { head, ended }).answers;
}
