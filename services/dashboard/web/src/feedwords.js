// What the top bar says of the feed. Pure.

import { age, number } from "./format.js";

const PLANS = { free: "free plan", starter: "starter plan", developer: "developer plan", advanced: "advanced plan", business: "business plan" };
const TRANSPORTS = { poll: "polled", stream: "streamed" };

// Its prices carry a time of their own that runs apart from ours: a replay, or a simulation that is
// quicker or slower than a day.
export const isTape = (feed) => feed?.source === "replay" || (feed?.clock === "tape" && runsApart(feed));

const runsApart = ({ speed }) => Number.isFinite(speed) && speed > 0 && speed !== 1;

export function feedWords(feed) {
  const told = [
    feed.source, speedWords(feed), PLANS[feed.entitlement], TRANSPORTS[feed.transport],
    feed.delay_ms > 0 ? `${age(feed.delay_ms)} delayed` : null,
    feed.state === "live" ? null : feed.state,
  ];
  return told.filter(Boolean).join(" · ");
}

function speedWords(feed) {
  if (feed.source === "replay" && !(feed.speed > 0)) return "full speed";
  return isTape(feed) ? `${number(feed.speed, Number.isInteger(feed.speed) ? 0 : 1)}×` : null;
}
