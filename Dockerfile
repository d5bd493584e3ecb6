# syntax=docker/dockerfile:1

# The pinned Node.js comes with the packages; the image's own only starts npm.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build

FROM node:24-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0
WORKDIR /app
COPY --from=build /app/dist ./dist
COPY --from=build /app/package.json /app/LICENSE ./
# What this Node.js compiles is kept in the image, where the gateway can read it and not write: it ends, for nothing is configured.
RUN install -d -o node dist/compile-cache \
 && { su -s /bin/sh node -c 'node dist/cli.js serve' 2>/dev/null || true; } \
 && chown -R root:root dist/compile-cache
USER node
EXPOSE 4000
ENTRYPOINT ["node", "dist/cli.js"]
CMD ["serve"]
