// Owns nothing yet.
export async function order() {}
