import { expect, it } from "vitest";
import { whySaid } from "./said";

const of = (reason: string) => ({ reason, blockers: [] });

it("is the console's sentence in English", () => {
  expect(whySaid(of("tries again in 9 s; exit 1"), "en")).toBe("Tries again in 9 s; exit 1.");
});

it("is said in Chinese, where it is known", () => {
  expect(whySaid(of("behind 3/0 in its queue"), "zh")).toBe("在队列中排在 3/0 之后。");
  expect(whySaid(of("tries again in 9 s; exit 1."), "zh")).toBe("9 秒后重试；exit 1。");
  expect(whySaid(of("something new"), "zh")).toBe("Something new.");
});
