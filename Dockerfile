FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# no install scripts: the image has its own Node, and nothing else needs one
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json tsconfig.client.json ./
COPY scripts/build.ts scripts/console.ts scripts/described.ts scripts/
COPY openapi.yaml ./
COPY src src
RUN node scripts/build.ts && npm prune --omit=dev --ignore-scripts

FROM node:24-slim
WORKDIR /app
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY openapi.yaml ./
USER node
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/live`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# node is the first process and gets SIGTERM itself; the gateway's graceful stop is bounded by 25 s
STOPSIGNAL SIGTERM
CMD ["node", "--enable-source-maps", "dist/main.js"]
