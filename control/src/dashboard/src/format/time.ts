/** Times and durations as the page says them. Seconds everywhere; wall-clock times are this browser's zone. */
import { words } from "@/words";

const two = (value: number) => String(value).padStart(2, "0");

/** "14:31", or "23 Nov 14:31" on another day. */
export function clock(at: number, now = Date.now() / 1000): string {
  const date = new Date(at * 1000);
  const time = `${two(date.getHours())}:${two(date.getMinutes())}`;
  return date.toDateString() === new Date(now * 1000).toDateString() ? time : `${day(date)} ${time}`;
}

/** "14:31:07". */
export function clockSeconds(at: number): string {
  const date = new Date(at * 1000);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** For tooltips: "2026-11-24 14:31:07". */
export function absolute(at: number): string {
  const date = new Date(at * 1000);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clockSeconds(at)}`;
}

function day(date: Date): string {
  return words.language === "zh"
    ? `${date.getMonth() + 1} 月 ${date.getDate()} 日`
    : `${date.getDate()} ${date.toLocaleString("en", { month: "short" })}`;
}

type Unit = "d" | "h" | "min" | "s";
const UNITS: Record<"en" | "zh", Record<Unit, string>> = {
  en: { d: "d", h: "h", min: "min", s: "s" },
  zh: { d: "天", h: "小时", min: "分", s: "秒" },
};

/** "2 h 11 min", "38 s", "1 d 18 h": the two largest units. */
export function duration(seconds: number): string {
  const unit = UNITS[words.language === "zh" ? "zh" : "en"];
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} ${unit.s}`;
  if (whole < 600) return `${Math.floor(whole / 60)} ${unit.min} ${two(whole % 60)} ${unit.s}`;
  const minutes = Math.floor(whole / 60);
  // "26 min" alone is said "26 分钟" in Chinese: a bare 分 is also a mark.
  if (minutes < 60) return `${minutes} ${words.language === "zh" ? "分钟" : unit.min}`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} ${unit.h} ${two(minutes % 60)} ${unit.min}`;
  return `${Math.floor(hours / 24)} ${unit.d} ${hours % 24} ${unit.h}`;
}

/** "11 min" of 11 min 38 s: in whole ones of the largest unit. */
export function largestUnit(seconds: number): string {
  const [size, name] = SIZES.find(([each]) => seconds >= each) ?? SIZES[3];
  const unit = UNITS[words.language === "zh" ? "zh" : "en"][name];
  return `${Math.floor(Math.max(0, seconds) / size)} ${unit === "分" ? "分钟" : unit}`;
}

const SIZES = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
  [1, "s"],
] as const;

/** "3:42" until a moment; never negative. */
export function countdown(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}
