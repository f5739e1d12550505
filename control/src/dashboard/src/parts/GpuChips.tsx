/** The GPUs of a task, each a link to its card. */
import { Link } from "react-router";
import { gpuPage } from "@/shell/paths";
import css from "./GpuChips.module.css";

export function GpuChips({ ids }: { ids: readonly string[] }) {
  if (!ids.length) return null;
  return (
    <span className={css.chips}>
      {ids.map((id) => (
        <Link key={id} to={gpuPage(id)} className={css.chip}>
          GPU {id}
        </Link>
      ))}
    </span>
  );
}
