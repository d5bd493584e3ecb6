# syntax=docker/dockerfile:1

# The pinned Node.js comes with the packages; the image's own only starts npm.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY scripts/mend-postgres.js ./scripts/
RUN npm ci
COPY . .
RUN npm run build

FROM node:24-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0
WORKDIR /app
COPY --from=build /app/dist ./dist
COPY --from=build /app/package.json /app/LICENSE ./
USER node
EXPOSE 4000
ENTRYPOINT ["node", "dist/cli.js"]
CMD ["serve"]
