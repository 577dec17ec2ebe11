import type { Checks } from "#platform/values/checks.ts";
import { MAX_DESCRIPTION, MAX_IMAGE_URL, MAX_NAME } from "../../limits.ts";

/** Checks the fields that CreateGoods and UpdateGoods share; an undefined field is not set. */
export function checkDetails(
  checks: Checks,
  details: {
    name?: string | undefined;
    description?: string | undefined;
    unitPriceCents?: bigint | undefined;
    imageUrl?: string | undefined;
  },
): void {
  const { name, description, unitPriceCents, imageUrl } = details;
  if (name !== undefined) checks.line("name", name, { min: 1, max: MAX_NAME });
  if (description !== undefined) {
    checks.text("description", description, { max: MAX_DESCRIPTION, multiline: true });
  }
  if (unitPriceCents !== undefined) checks.cents("unit_price_cents", unitPriceCents);
  if (imageUrl !== undefined) {
    checks.text("image_url", imageUrl, { max: MAX_IMAGE_URL });
    // A shop's page puts the address into an <img>, so javascript: and data: must not pass.
    const isWebAddress = /^https?:\/\/\S+$/i.test(imageUrl) && URL.canParse(imageUrl);
    checks.that("image_url", imageUrl === "" || isWebAddress, "must be an http or https address");
  }
}
