import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  build: { outDir: "../public", emptyOutDir: true },
  server: {
    port: 5173,
    strictPort: true,
    // The app's addresses, and those of your own functions.
    proxy: { "^/(auth|api|me)/": "http://localhost:7071" },
  },
});
