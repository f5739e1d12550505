import { afterEach, expect, it } from "vitest";
import { NoConnection, Refused } from "@/api/client";
import { words } from ".";
import { refusalText } from "./refused";

afterEach(() => words.changeLanguage("en"));

function refused(...files: string[]) {
  const faults = files.map((file) => ({
    file,
    line: 0,
    column: 0,
    problem: "Input should be ...",
    hint: "",
  }));
  const detail = "query.state: Input should be ...";
  return new Refused(422, { type: "invalid-request", title: "", status: 422, detail, faults });
}

it("tells what an address asks wrongly in words, in both languages", async () => {
  expect(refusalText(refused("query.state", "query.gpu"))).toBe(
    "The address asks for what can't be: state, gpu.",
  );
  await words.changeLanguage("zh");
  expect(refusalText(refused("query.state"))).toBe("地址所要求的 state 不可能有。");
});

it("leaves the console's own sentences as they are", () => {
  expect(refusalText(refused("query.state", "body.text"))).toBe("Query.state: Input should be ...");
  expect(refusalText(refused())).toBe("Query.state: Input should be ...");
  expect(refusalText(new Error("gone"))).toBe("Gone.");
  expect(refusalText(new NoConnection("x"))).toBe("The console does not answer.");
});
