import type { Same } from "@/words/same";

export const en = {
  soon: "This page is being made.",
};

export const zh: Same<typeof en> = {
  soon: "这个页面还在制作中。",
};
