/** What is round every page: navigation, the cluster at a glance, banners. */
import { lazy, Suspense, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Outlet, useLocation } from "react-router";
import { Banner } from "./Banner";
import { BottomBar } from "./BottomBar";
import { useNotices } from "@/parts/notices";
import { Header } from "./Header";
import { KeysHelp } from "./KeysHelp";
import { Nav } from "./Nav";
import { useKeys } from "./keys";
import { useTitle } from "./title";
import { useFocusKept } from "./useFocusKept";
import css from "./Shell.module.css";

const Palette = lazy(() => import("./Palette"));

export function Shell() {
  const { t } = useTranslation();
  const { pathname } = useLocation();
  useTitle();
  useKeys();
  useFocusKept();
  useNotices();
  useEffect(() => {
    window.scrollTo(0, 0);
  }, [pathname]);
  return (
    <div className={css.shell}>
      <a href="#page" className={css.skip}>
        {t("shell.skip")}
      </a>
      <Nav />
      <div className={css.body}>
        <Header />
        <Banner />
        <Outlet />
      </div>
      <BottomBar />
      <KeysHelp />
      <Suspense>
        <Palette />
      </Suspense>
    </div>
  );
}
