import { afterEach, expect, it } from "vitest";
import { words } from ".";
import { whySaid } from "./previews";

afterEach(() => words.changeLanguage("en"));

const of = (reason: string) => ({ reason, blockers: [], gpu_count: 0, memory_gb: null, ready: 0 });

it("is the console's sentence in English", () => {
  expect(whySaid(of("tries again in 9 s; exit 1"))).toBe("Tries again in 9 s; exit 1.");
});

it("is said in Chinese, where it is known", async () => {
  await words.changeLanguage("zh");
  expect(whySaid(of("behind 3/0 in its queue"))).toBe("在队列中排在 3/0 之后。");
  expect(whySaid(of("tries again in 9 s; exit 1."))).toBe("9 秒后重试；exit 1。");
  expect(whySaid(of("something new"))).toBe("Something new.");
});
