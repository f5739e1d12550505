import { ask, POST } from "@/api/client";
import { doing } from "@/parts/toast";

/** Ends this browser's login; says why, where that can't be. */
export function logOut(): void {
  void doing(ask(POST("/api/auth/logout"))).then((isDone) => isDone && location.assign("/login"));
}
