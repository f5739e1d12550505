/** The GPUs of a task, each a link to its card. */
import { Tooltip } from "@mantine/core";
import { Fragment } from "react";
import { Link } from "react-router";
import { gpuPage } from "@/shell/paths";
import css from "./GpuChips.module.css";

interface Props {
  ids: readonly string[];
  /** In one line, however narrow it is: "GPU 4, 5". */
  isLine?: boolean;
}

export function GpuChips({ ids, isLine }: Props) {
  if (!ids.length) return null;
  if (isLine && ids.length > 1) return <Together ids={ids} />;
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

function Together({ ids }: { ids: readonly string[] }) {
  return (
    <Tooltip label={`GPU ${ids.join(", ")}`}>
      <span className={`${css.chips} ${css.line}`}>
        <span className={`cut ${css.chip}`}>
          GPU{" "}
          {ids.map((id, at) => (
            <Fragment key={id}>
              {at > 0 && ", "}
              <Link to={gpuPage(id)} aria-label={`GPU ${id}`}>
                {id}
              </Link>
            </Fragment>
          ))}
        </span>
      </span>
    </Tooltip>
  );
}
