// Stands in for modules that are left out of a build: see vite.config.ts.
export {};
