/** What is not fine with what is shown: the worst of it. */
import { Button } from "@mantine/core";
import { IconAlertTriangle, IconEye, IconPlugConnectedX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useIdentity } from "@/api/identity";
import { live, useKnown } from "@/api/live";
import { clockSeconds, duration } from "@/format/time";
import { Said } from "@/parts/Said";
import { useSecond } from "@/parts/now";
import { staleFor } from "@/parts/schedulers";
import css from "./Banner.module.css";

export function Banner() {
  const { t } = useTranslation();
  const { connection, heardAt, ahead, schedulers } = useKnown();
  const who = useIdentity();
  const now = useSecond();
  if (connection === "lost")
    return (
      <Line
        kind="failed"
        icon={<IconPlugConnectedX size={14} stroke={1.75} />}
        action={
          <Button
            variant="subtle"
            className={css.action}
            onClick={() => {
              live.tryNow();
            }}
          >
            {t("banners.tryNow")}
          </Button>
        }
      >
        <Said of="banners.lost" at={clockSeconds((heardAt + ahead) / 1000)} />
      </Line>
    );
  const silent = schedulers
    .map((one) => [one, staleFor(one, now)] as const)
    .find(([, time]) => time !== null);
  if (silent)
    return (
      <Line kind="waiting" icon={<IconAlertTriangle size={14} stroke={1.75} />}>
        <Said of="banners.stale" pid={silent[0].pid} time={duration(silent[1] ?? 0)} />
      </Line>
    );
  if (who?.role === "read")
    return (
      <Line icon={<IconEye size={14} stroke={1.75} />}>
        <Said of="banners.readOnly" />
      </Line>
    );
  return null;
}

function Line(props: { kind?: string; icon: ReactNode; action?: ReactNode; children: ReactNode }) {
  const { kind, icon, action, children } = props;
  const color = kind ? `var(--gl-${kind})` : "var(--gl-t2)";
  return (
    <div className={css.banner} style={{ "--tone": color } as React.CSSProperties} role="status">
      <span className={css.icon}>{icon}</span>
      <span className={css.text}>{children}</span>
      {action}
    </div>
  );
}
