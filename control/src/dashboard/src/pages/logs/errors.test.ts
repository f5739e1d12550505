import { expect, it } from "vitest";
import { isError } from "./errors";

it.each([
  "Traceback (most recent call last):",
  "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.50 GiB.",
  "KeyboardInterrupt: ValueError: x",
  "ERROR  could not read",
  "FAILED tests/test_x.py",
  "Killed",
  "FATAL: no disk",
  "Aborted (core dumped)",
  "gpulane: exit 1: python train.py",
])("%s is one", (line) => expect(isError(line)).toBe(true));

it.each(["0 errors", "epoch 1 error_rate 0.2", "killed time", "# gpulane: task 3/0", "defaults"])(
  "%s is none",
  (line) => expect(isError(line)).toBe(false),
);
