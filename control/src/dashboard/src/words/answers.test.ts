import { afterEach, expect, it } from "vitest";
import recorded from "../../../answers.json";
import { words } from ".";
import { answered } from "./answers";

afterEach(() => words.changeLanguage("en"));

/** Shown nowhere as they are: what a preview says of a whole file, a reason, a login that ends itself. */
const NOT_SHOWN = [
  "preview_commands",
  "preview_config",
  "why_get",
  "why_post",
  "logout",
  "put_config",
  "put_settings",
  "send_trial",
  "end_login",
];

it("is the console's own sentence in English", () => {
  expect(answered("resumed")).toBe("Resumed.");
});

it("says in Chinese what a real console has answered to every act", async () => {
  await words.changeLanguage("zh");
  for (const [call, answer] of Object.entries(recorded)) {
    const said = "said" in answer ? answer.said : "";
    if (said && !NOT_SHOWN.includes(call))
      expect(answered(said), `${call}: ${said}`).toMatch(/^[^a-z]*[一-鿿]/);
  }
});

it("keeps the facts", async () => {
  await words.changeLanguage("zh");
  expect(answered("paused: nothing starts; 2 tasks run on")).toBe("已暂停，不再启动任务；2 个任务继续运行。");
  expect(answered("stopping: 2 running tasks asked to end; the next start runs that again")).toBe(
    "正在停止：已让 2 个运行中的任务结束；下次启动时会重新运行。",
  );
  expect(
    answered(
      "the scheduler with pid 7 is forgotten; 1/0, 1/1 and 2/3 run on and are found again by the next start",
    ),
  ).toBe("已忽略 pid 7 的调度器；1/0、1/1、2/3 继续运行，下次启动时会重新找到。");
  expect(answered("task 4 is submitted, behind others in its queue at 3/1")).toBe(
    "任务 4 已提交，在队列中排到其他任务之后，为 3/1。",
  );
  expect(answered("1/2 is pending, and 3 tasks skipped for it")).toBe(
    "1/2 现在排队，因它跳过的 3 个任务也一样。",
  );
  expect(answered("something new")).toBe("Something new.");
});
