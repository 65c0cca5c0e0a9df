"""Words of the element Modality (0008,0060), as far as something depends on them."""

from __future__ import annotations

# Modalities whose rays diverge: a spacing measured at the detector is not the spacing in the body (PS3.3
# section 10.7.1.3, pixel spacing calibration).
PROJECTION = {"CR", "DX", "MG", "XA", "RF", "RG", "IO", "PX", "DR"}
