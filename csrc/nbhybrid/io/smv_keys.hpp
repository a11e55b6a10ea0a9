#pragma once
// Keys of SMV headers that no other program has. Places are in mm along the fast and the slow axis from the outer corner of the
// first pixel, angles in degrees, vectors in the laboratory frame before the detector turns. None of them contains a key that the
// reference reads, which looks for these anywhere.

namespace nbhybrid::io {

inline constexpr const char* semantics_key = "NBHYBRID_SEMANTICS";      // as --semantics takes them
inline constexpr const char* corrected_key = "NBHYBRID_MENDED";         // ids of the defects that are corrected
inline constexpr const char* convention_key = "NBHYBRID_CONVENTION";    // mosflm, xds, ...
inline constexpr const char* beam_key = "NBHYBRID_BEAM_CENTER";         // where the beam meets the detector, which pivots there
inline constexpr const char* nearest_key = "NBHYBRID_NEAREST_POINT";    // the point nearest to the sample, where that is the pivot
inline constexpr const char* rotation_key = "NBHYBRID_ROTATION";        // -detector_rotx, roty, rotz
inline constexpr const char* curved_key = "NBHYBRID_CURVED";            // 1: -curved_det
inline constexpr const char* beam_vector_key = "NBHYBRID_BEAM_VECTOR";  // these of the custom convention alone
inline constexpr const char* fast_key = "NBHYBRID_FDET_VECTOR";
inline constexpr const char* slow_key = "NBHYBRID_SDET_VECTOR";
inline constexpr const char* normal_key = "NBHYBRID_ODET_VECTOR";
inline constexpr const char* twotheta_axis_key = "NBHYBRID_SWING_AXIS";
inline constexpr const char* polarization_key = "NBHYBRID_POLAR_VECTOR";
inline constexpr const char* spindle_key = "NBHYBRID_SPINDLE_AXIS";

}  // namespace nbhybrid::io
