# Which nbhybrid this is: nbhybrid_version, nbhybrid_commit, nbhybrid_interface.

# The version is that of the git tag, which the build of the Python package finds.
if(DEFINED SKBUILD_PROJECT_VERSION_FULL)
  set(nbhybrid_version ${SKBUILD_PROJECT_VERSION_FULL})
else()
  set(nbhybrid_version 0+unknown)
endif()

set(nbhybrid_commit "")
# Not in an unpacked archive: git would describe whatever repository lies around it.
if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/.git)
  execute_process(COMMAND git describe --always --dirty --abbrev=12 --exclude "*" WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}
                  OUTPUT_VARIABLE nbhybrid_commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(NOT nbhybrid_commit)
  set(nbhybrid_commit unknown)
endif()

# What _core and _cuda have in common in memory: two that were built from other headers must not meet.
file(GLOB_RECURSE interface_headers CONFIGURE_DEPENDS csrc/*.hpp csrc/*.def)
list(SORT interface_headers)
set(interface_text "")
foreach(header ${interface_headers})
  file(SHA256 ${header} header_hash)
  string(APPEND interface_text " ${header_hash}")
endforeach()
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${interface_headers})
string(SHA256 interface_hash "${interface_text}")
string(SUBSTRING ${interface_hash} 0 16 nbhybrid_interface)
