/** The page's language: as chosen here before, else the browser's. */
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { keep, recall } from "@/parts/kept";
import { en, type Words } from "./en";
import { zh } from "./zh";

declare module "i18next" {
  interface CustomTypeOptions {
    resources: { translation: typeof en };
  }
}

export type Language = "en" | "zh";
const KEPT = "gpulane-language";
const LANGUAGES: Record<Language, Words> = { en, zh };

function first(): Language {
  const chosen = recall(KEPT) ?? navigator.language;
  return chosen.startsWith("zh") ? "zh" : "en";
}

/** null: the browser's own. */
export function chosenLanguage(): Language | null {
  return recall(KEPT) === null ? null : first();
}

export async function chooseLanguage(language: Language | null): Promise<void> {
  if (!language) keep(KEPT, null);
  await words.changeLanguage(language ?? first());
  // The change itself keeps what it was changed to.
  if (!language) keep(KEPT, null);
}

export const words = i18next;

void words.use(initReactI18next).init({
  lng: first(),
  fallbackLng: "en",
  resources: { en: { translation: LANGUAGES.en }, zh: { translation: LANGUAGES.zh } },
  interpolation: { escapeValue: false }, // React does
});
tellDocument();
words.on("languageChanged", (language) => {
  keep(KEPT, language);
  tellDocument();
});

function tellDocument() {
  document.documentElement.lang = words.language === "zh" ? "zh-CN" : "en";
}

export function otherLanguage(): Language {
  return words.language === "zh" ? "en" : "zh";
}
