import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { doctorPage } from "../docs/doctor-page.ts";

describe("docs/doctor.md", () => {
  it("shows what npm run doctor prints (npm run docs:doctor records it)", async () => {
    assert.equal(await readFile("docs/doctor.md", "utf8"), await doctorPage());
  });
});
