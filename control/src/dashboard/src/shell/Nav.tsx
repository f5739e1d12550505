/** At the left: pages, schedulers, and who is logged in. */
import { Menu } from "@mantine/core";
import { IconEye, IconLock, IconLogout } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link, NavLink } from "react-router";
import { useKnown } from "@/api/live";
import { useIdentity } from "@/api/identity";
import type { Scheduler } from "@/api/types";
import { CountsBar } from "@/parts/QueueCells";
import { SchedulerDot } from "@/parts/SchedulerState";
import { useStale } from "@/parts/stale";
import { doneOf, shortName, totalOf } from "@/parts/schedulers";
import { Mark } from "./Mark";
import { logOut } from "./logOut";
import { countsOfOne } from "./counts";
import { PAGES } from "./pages";
import css from "./Nav.module.css";

export function Nav() {
  const { t } = useTranslation();
  const { schedulers } = useKnown();
  const stale = useStale();
  const who = useIdentity();
  return (
    <nav className={css.nav} aria-label={t("shell.navigation")}>
      <Link to="/ui/state" className={css.mark}>
        <Mark />
        <span className={css.name}>gpulane</span>
        <span className={`t3 ${css.host}`}>{who?.host}</span>
      </Link>
      <ul className={css.list}>
        {PAGES.map(({ name, path, icon: Icon }) => (
          <li key={name}>
            <NavLink
              to={path}
              title={t(`pages.${name}`)}
              className={({ isActive }) => `${css.link} ${isActive ? css.active : ""}`}
            >
              <Icon size={16} stroke={1.75} aria-hidden />
              <span className={css.word}>{t(`pages.${name}`)}</span>
            </NavLink>
          </li>
        ))}
      </ul>
      <div className={css.section}>{t("scheduler.schedulers")}</div>
      <ul className={css.schedulers}>
        {schedulers.map((one) => (
          <li key={one.id}>
            <SchedulerLink one={one} isStale={stale.has(one.id)} />
          </li>
        ))}
        {!schedulers.length && <li className={`t3 ${css.none}`}>{t("scheduler.none")}</li>}
      </ul>
      <Foot />
    </nav>
  );
}

function SchedulerLink({ one, isStale }: { one: Scheduler; isStale: boolean }) {
  const { t } = useTranslation();
  const name = shortName(one, t);
  const [done, total] = [doneOf(one), totalOf(one)];
  return (
    <Link to={`/ui/state?scheduler=${encodeURIComponent(one.id)}`} className={css.scheduler}>
      <span className={css.line}>
        <SchedulerDot one={one} stale={isStale} />
        <span className={`strong cut ${css.schedulerName}`}>{name}</span>
        {one.ended === "died" ? (
          <span style={{ color: "var(--gl-failed)" }}>{t("scheduler.died")}</span>
        ) : (
          <span className="t3">{t("ofTotal", { done, total })}</span>
        )}
      </span>
      {one.state && (
        <CountsBar
          counts={countsOfOne(one)}
          total={total}
          said={`${name}: ${t("ofTotal", { done, total })}`}
        />
      )}
    </Link>
  );
}

function Foot() {
  const { t } = useTranslation();
  const who = useIdentity();
  if (!who) return null;
  const reads = who.role === "read";
  return (
    <Menu position="top-start">
      <Menu.Target>
        <button type="button" className={`plain ${css.foot}`}>
          {reads ? <IconEye size={14} stroke={1.75} /> : <IconLock size={14} stroke={1.75} />}
          <span className={css.word}>{who.user}</span>
          <span className={`t3 ${css.role}`}>{t(reads ? "shell.readOnly" : "shell.mayWrite")}</span>
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconLogout size={14} stroke={1.75} />} onClick={logOut}>
          {t("shell.logOut")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
