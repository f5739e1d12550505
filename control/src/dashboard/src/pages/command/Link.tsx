/** A button that reads as a link. */
import { Tooltip } from "@mantine/core";
import type { ReactNode } from "react";
import css from "./Command.module.css";

interface Props {
  act: () => void;
  whyNot?: string | undefined;
  children: ReactNode;
}

export function LinkButton({ act, whyNot, children }: Props) {
  return (
    <Tooltip label={whyNot ?? ""} disabled={!whyNot}>
      <button
        type="button"
        className={css.link}
        aria-disabled={whyNot !== undefined}
        onClick={whyNot ? undefined : act}
      >
        {children}
      </button>
    </Tooltip>
  );
}
