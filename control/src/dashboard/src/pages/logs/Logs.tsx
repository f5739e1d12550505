/** Logs: the latest ones, or one of them. */
import { Route, Routes } from "react-router";
import { NotFound } from "@/shell/Fault";
import { LatestLogs } from "./LatestLogs";
import { View } from "./View";

export function Logs() {
  return (
    <Routes>
      <Route index element={<LatestLogs />} />
      <Route path="view" element={<View />} />
      <Route path="*" element={<NotFound />} />
    </Routes>
  );
}
