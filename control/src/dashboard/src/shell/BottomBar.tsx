/** The pages, on a telephone: the four that are wanted there, and a menu of the others. */
import { Menu } from "@mantine/core";
import { IconDots } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { NavLink, useNavigate } from "react-router";
import { otherLanguage, words } from "@/words";
import { logOut } from "./logOut";
import { PAGES } from "./pages";
import css from "./BottomBar.module.css";

const FIRST = 4;

export function BottomBar() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  return (
    <nav className={css.bar} aria-label={t("shell.navigation")}>
      {PAGES.slice(0, FIRST).map(({ name, path, icon: Icon }) => (
        <NavLink
          key={name}
          to={path}
          className={({ isActive }) => `${css.link} ${isActive ? css.active : ""}`}
        >
          <Icon size={18} stroke={1.75} aria-hidden />
          {t(`pages.${name}`)}
        </NavLink>
      ))}
      <Menu position="top-end">
        <Menu.Target>
          <button type="button" className={`plain ${css.link}`}>
            <IconDots size={18} stroke={1.75} aria-hidden />
            {t("pages.more")}
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          {PAGES.slice(FIRST).map(({ name, path, icon: Icon }) => (
            <Menu.Item
              key={name}
              h={36}
              leftSection={<Icon size={16} stroke={1.75} />}
              onClick={() => void navigate(path)}
            >
              {t(`pages.${name}`)}
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item h={36} onClick={() => void words.changeLanguage(otherLanguage())}>
            {t("shell.language")}
          </Menu.Item>
          <Menu.Item h={36} onClick={logOut}>
            {t("shell.logOut")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </nav>
  );
}
