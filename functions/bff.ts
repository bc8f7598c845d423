/**
 * The public entry of the package: what is exported here follows semantic versioning, and nothing else can be imported.
 */
import { app as functions, type HttpHandler } from "@azure/functions";
import { createApp, type App } from "../shared/app/app.ts";
import type { HookContext, SignedInPerson, SignedOutAccount } from "../shared/app/hooks.ts";
import { ConfigurationError, loadConfiguration } from "../shared/configuration/configuration.ts";
import { basePathOf } from "../shared/configuration/public-address.ts";
import { watchConnections } from "../shared/pipeline/connection.ts";
import { usualLanguages } from "../shared/texts/language.ts";
import type { Texts } from "../shared/texts/texts.ts";
import { usualAppName } from "../shared/http/page.ts";
import { checkedPolicy } from "../shared/http/checked-policy.ts";
import type { ContentPolicy } from "../shared/http/page-policy.ts";
import { httpHandler, type FunctionDefinition } from "../shared/pipeline/handler.ts";
import { logTelemetry, processLog } from "../shared/telemetry/log.ts";
import { directoryFunctions } from "./directory.ts";
import { watchCredential } from "./credential-expiry.ts";
import * as definitions from "./definitions.ts";
import { waitingSignOuts } from "./finish-sign-outs.ts";
import { misconfigured } from "./misconfigured.ts";
import { ownDefinition } from "./own-definition.ts";
import type { OwnFunction } from "./own-function.ts";
import { recordTelemetry } from "./telemetry.ts";
import { wholeAnswers } from "./whole-answers.ts";

export type { HookContext, SignedInPerson, SignedOutAccount } from "../shared/app/hooks.ts";
export type { SignOutOrigin } from "../shared/app/sign-out-origins.ts";
export { ApiSignInRequiredError, ProblemError, SignInRequiredError } from "../shared/core/errors.ts";
export type { ProblemCode } from "../shared/core/errors.ts";
export type { DownstreamInit } from "../shared/downstream/request-init.ts";
export { pagePolicy } from "../shared/http/page-policy.ts";
export type { ContentPolicy } from "../shared/http/page-policy.ts";
export { english } from "../shared/texts/english.ts";
export { german } from "../shared/texts/german.ts";
export type { Texts } from "../shared/texts/texts.ts";
export type { SessionClaims } from "../shared/identity/session-claims.ts";
export type { Session } from "../shared/pipeline/session.ts";
export type { OwnContext, OwnFunction } from "./own-function.ts";

/** What belongs to the app itself, whatever its deployment. Everything else is a setting, in the environment. */
export interface BffOptions {
  /** The app's name, which its pages show. Default: "Entra Functions BFF". */
  readonly name?: string;
  /**
   * The texts of the pages that the app itself shows, one member for each language. The person's browser chooses; the first
   * member is for everybody else. Default: `[english, german]`.
   */
  readonly languages?: readonly [Texts, ...Texts[]];
  /**
   * Names of further claims of the ID token that a session keeps, at `session.claims.further`. The app registration has to ask for
   * them. Together they may have 4 KiB as JSON.
   */
  readonly claims?: readonly string[];
  /** What the app's pages may load besides its own files. Without it, nothing from elsewhere and nothing inline. */
  readonly contentSecurityPolicy?: ContentPolicy;
  /**
   * Called when a person has signed in: the session is stored, and the browser has no answer yet. If the hook fails or takes more than
   * 2 s, the person is signed in all the same, and the log has the event `hook_failed`.
   */
  readonly onSignedIn?: (person: SignedInPerson, context: HookContext) => void | Promise<void>;
  /**
   * Called when a sign-out has ended sessions, wherever it began, also when it is finished later. It may be called twice for one
   * sign-out, and not at all if the instance is killed at that moment. It cannot keep anybody signed in.
   */
  readonly onSignedOut?: (account: SignedOutAccount, context: HookContext) => void | Promise<void>;
  /**
   * A folder with the app's front end, next to `host.json`: "public". Its files are served at `/`, and `index.html` at every address
   * that only its script knows. Everybody can read them, without signing in. Default: the page of this project.
   */
  readonly files?: string;
}

/** What {@link bff} returns. */
export interface Bff {
  /**
   * Registers a function of the app's own, as `app.http` does.
   * @param name unique among the functions, and before "zzz" in the alphabet: some hosts try routes in the order of names, and
   *   `zzz-not-found` answers every address that is left
   */
  http(name: string, own: OwnFunction): void;
}

/**
 * Registers every route and the timer with `@azure/functions`. Call it once, while the app loads. The settings come from the
 * environment. If they are broken, every route but `/healthz` answers 503 `configuration_invalid`, the app's own functions
 * included, and `/readyz` says which settings to correct.
 *
 * @throws {TypeError} for a source that the Content-Security-Policy cannot have
 * @example
 * const auth = bff({ name: "Contoso Orders" });
 * auth.http("manager", {
 *   route: "me/manager",
 *   methods: ["GET"],
 *   handler: async (_request, session) => {
 *     const answer = await session.fetch("graph", "me/manager");
 *     return { jsonBody: await answer.json() };
 *   },
 * });
 */
export function bff(options: BffOptions = {}): Bff {
  const { handlerOf, more } = handlers(options);
  const register = (definition: FunctionDefinition) => {
    functions.http(definition.name, {
      route: definition.route,
      methods: [...definition.methods],
      // Not "function": the host would take the callback's `code` for a function key.
      authLevel: definition.authLevel ?? "anonymous",
      handler: handlerOf(definition),
    });
  };
  for (const definition of [...Object.values<FunctionDefinition>(definitions), ...more]) register(definition);
  return { http: (name, own) => register(ownDefinition(name, own)) };
}

interface Handlers {
  readonly handlerOf: (definition: FunctionDefinition) => HttpHandler;
  /** Functions that depend on the settings. */
  readonly more: readonly FunctionDefinition[];
}

/**
 * If the settings are broken, every route but `/healthz` says so; otherwise, the host would have no functions at all. Nothing
 * reads the queue then, because the orders that wait there must not use up their attempts.
 */
function handlers(options: BffOptions): Handlers {
  const { name, languages, claims: keptClaims, files, contentSecurityPolicy, onSignedIn, onSignedOut } = options;
  const contentPolicy = contentSecurityPolicy && checkedPolicy(contentSecurityPolicy);
  const own = { name, languages, keptClaims, files, contentPolicy, hooks: { onSignedIn, onSignedOut } };
  try {
    const app = createApp(loadConfiguration(process.env), own);
    if (app.configuration.http.streaming) streamHttp();
    const { defer, onTimer, stop } = waitingSignOuts(app);
    const { queue, finishSchedule: schedule } = app.configuration.signOut;
    // The next run is never far away, so the last one need not be kept in blob storage (`useMonitor`).
    if (queue) functions.timer("finish-sign-outs", { schedule, useMonitor: false, handler: onTimer });
    functions.hook.appTerminate(stop);
    recordTelemetry(process.env, app.configuration.telemetry.sampledPercentage, undefined);
    functions.hook.appStart(() => watchCredential(app.configuration, logTelemetry(processLog)));
    const handlerOf: Handlers["handlerOf"] = (definition) => {
      const handler = httpHandler(definition, app, defer);
      return app.configuration.http.streaming ? handler : wholeAnswers(handler);
    };
    return { handlerOf, more: registerDirectory(app) };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    recordTelemetry(process.env, 100, error);
    const handlerOf = misconfigured(error, {
      appName: name ?? usualAppName,
      basePath: basePathOf(process.env),
      languages: languages ?? usualLanguages,
    });
    return { handlerOf, more: [] };
  }
}

/** Registers the timer of a directory that ends sessions. @returns the function that Microsoft Graph calls */
function registerDirectory(app: App): readonly FunctionDefinition[] {
  const { directory } = app.configuration;
  if (!directory) return [];
  const { notifications, onTimer, stop } = directoryFunctions(app, directory);
  functions.timer("directory", { schedule: directory.schedule, useMonitor: false, handler: onTimer });
  functions.hook.appTerminate(stop);
  return [notifications];
}

/** The programming model takes this once, before the functions start. */
function streamHttp(): void {
  functions.setup({ enableHttpStream: true });
  watchConnections();
}
