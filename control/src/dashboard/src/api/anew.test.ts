import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { expect, it } from "vitest";
import { askAnew } from "./anew";

it("asks once more for what was being asked for the first time, as it may be of before", async () => {
  const queries = new QueryClient();
  let now = "before";
  let answer: () => void = () => undefined;
  const queryFn = () => {
    const seen = now;
    return new Promise<string>((done) => (answer = () => done(seen)));
  };
  const observer = new QueryObserver(queries, { queryKey: ["one"], queryFn });
  const end = observer.subscribe(() => undefined);
  now = "after";
  const done = askAnew(queries, ["one"]);
  answer(); // with what it has seen
  await new Promise((next) => setTimeout(next));
  answer();
  await done;
  expect(observer.getCurrentResult().data).toBe("after");
  end();
});
