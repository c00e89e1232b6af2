// The texts of all pages behind the sign-in page, which does not wait for them.
import i18n from "./i18n";
import en from "./locales/en.json";

i18n.addResourceBundle("en", "translation", en);
