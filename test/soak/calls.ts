import type { Answer, Client } from "../support/http-client.ts";
import type { Span } from "./history.ts";
import { timed, type KnownSession, type Stage } from "./stage.ts";

export type Target = "api" | "me";

const paths: Readonly<Record<Target, string>> = { api: "/api/graph/me", me: "/auth/me" };

/** A request with the cookie of `session`, which `client` holds. */
export async function call(stage: Stage, client: Client, session: KnownSession, target: Target): Promise<Answer> {
  const { controls } = stage.world.identityProvider;
  const rotated = controls.rotateRefreshTokens;
  const { result, span } = await timed(() => client.fetch(paths[target]));
  recordCall(stage, session, result, span, { target, rotating: rotated || controls.rotateRefreshTokens });
  return result;
}

/** Notes what an answer says about a session: also that of another request, when it refuses the session. */
export function recordCall(
  stage: Stage,
  session: KnownSession,
  answer: Answer,
  span: Span,
  { target, rotating = false }: { target?: Target; rotating?: boolean } = {},
): void {
  const { account, owner, key } = session;
  const { status } = answer;
  stage.entries.push({
    kind: "call",
    ...span,
    account,
    owner,
    session: key,
    status,
    code: status === 200 ? undefined : problemCode(answer),
    rotating,
    answered: status === 200 && target ? objectIdIn(answer, target) : undefined,
  });
}

function problemCode(answer: Answer): string | undefined {
  const isProblem = (answer.headers["content-type"] ?? "").startsWith("application/problem+json");
  const code = isProblem ? answer.json()["code"] : undefined;
  return typeof code === "string" ? code : undefined;
}

function objectIdIn(answer: Answer, target: Target): string | undefined {
  const body = answer.json();
  const id = target === "api" ? body["id"] : (body["account"] as { objectId?: unknown } | undefined)?.objectId;
  return typeof id === "string" ? id : undefined;
}
