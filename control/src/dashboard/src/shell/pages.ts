/** The pages, in the order of the navigation, with the key that leads there after G. */
import {
  IconAdjustments,
  IconCpu,
  IconFileCode,
  IconFileText,
  IconHistory,
  IconLayoutList,
  IconListDetails,
  IconSettings,
  IconTimeline,
} from "@tabler/icons-react";

export const PAGES = [
  { name: "state", path: "/ui/state", icon: IconLayoutList, key: "s" },
  { name: "gpu", path: "/ui/gpu", icon: IconCpu, key: "g" },
  { name: "timeline", path: "/ui/timeline", icon: IconTimeline, key: "t" },
  { name: "command", path: "/ui/command", icon: IconFileCode, key: "c" },
  { name: "tasks", path: "/ui/tasks", icon: IconListDetails, key: "k" },
  { name: "logs", path: "/ui/logs", icon: IconFileText, key: "l" },
  { name: "history", path: "/ui/history", icon: IconHistory, key: "h" },
  { name: "rule", path: "/ui/rule", icon: IconAdjustments, key: "r" },
  { name: "setting", path: "/ui/setting", icon: IconSettings, key: "," },
] as const;
