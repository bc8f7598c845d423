import assert from "node:assert/strict";
import type { ProblemCode } from "../../../shared/core/errors.ts";

/** For `assert.throws` and `assert.rejects`: whether the error has this `code`. */
export function isProblem(code: ProblemCode, detail?: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof Error, "not an error");
    assert.equal((error as { code?: unknown }).code, code);
    if (detail) assert.match(error.message, detail);
    return true;
  };
}
