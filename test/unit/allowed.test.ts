import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { refuseUnallowed } from "../../shared/downstream/target.ts";
import { MethodNotAllowedError } from "../../shared/core/errors.ts";
import { problemResponse } from "../../shared/http/problem.ts";
import { isProblem } from "./support/is-problem.ts";
import { apiConfiguration } from "./support/environment.ts";
import { site } from "./support/site.ts";

const api = apiConfiguration("x", { Methods: "GET", Paths: "me me/messages/* users/*/photo/$value files/** v1.*/x" });
const ask = (path: string, method = "GET") => {
  refuseUnallowed(api, method, new URL(`https://api.example/v1.0/${path}`));
};

describe("browsers may call", () => {
  for (const path of [
    "me",
    "me?$select=mail",
    "me/messages/1",
    "users/ada/photo/$value",
    "files",
    "files/",
    "files/a/b",
    "v1.2/x",
  ]) {
    test(path, () => assert.doesNotThrow(() => ask(path)));
  }

  test("HEAD where they may call GET", () => assert.doesNotThrow(() => ask("me", "HEAD")));

  test("everything, unless the settings say otherwise", () => {
    const open = apiConfiguration("x");
    for (const method of ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]) {
      assert.doesNotThrow(() => refuseUnallowed(open, method, new URL("https://api.example/v1.0/any/thing")));
    }
  });
});

describe("browsers may not call", () => {
  for (const path of [
    "",
    "me/",
    "me/messages",
    "me/messages/",
    "me/messages/1/2",
    "ME",
    "m%65",
    "users//photo/$value",
    "users/a/b/photo/$value",
    "filesystem",
    "v1-2/x",
    "v1./x",
  ]) {
    test(path || "the base URL itself", () => {
      assert.throws(() => ask(path), isProblem("api_path_not_allowed"));
    });
  }

  test("by another method, and are told which", () => {
    assert.throws(
      () => ask("me", "DELETE"),
      (error) => {
        assert.ok(error instanceof MethodNotAllowedError);
        const { status, headers } = problemResponse(error, {
          wantsPage: false,
          id: "1",
          site,
        });
        assert.deepEqual([status, new Headers(headers).get("allow")], [405, "GET, HEAD"]);
        return true;
      },
    );
  });
});
