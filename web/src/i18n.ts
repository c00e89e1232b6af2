import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import en from "./locales/en.signIn.json";

i18next.use(initReactI18next).init({
  lng: "en",
  fallbackLng: "en",
  resources: { en: { translation: en } },
  // React escapes by itself.
  interpolation: { escapeValue: false },
});

export default i18next;
