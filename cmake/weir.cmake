# SPDX-License-Identifier: Apache-2.0
# weir_library(name FOLDERS a b LINKS x y PRIVATE z): a static library of all .cpp files directly in the folders.
function(weir_library name)
  cmake_parse_arguments(ARG "" "" "FOLDERS;LINKS;PRIVATE" ${ARGN})
  set(sources)
  foreach(folder ${ARG_FOLDERS})
    file(GLOB found CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cpp)
    list(APPEND sources ${found})
  endforeach()
  if(NOT sources)
    set(sources ${PROJECT_SOURCE_DIR}/cmake/empty.cpp)
  endif()
  add_library(${name} STATIC ${sources})
  weir_settings(${name})
  target_link_libraries(${name} PUBLIC ${ARG_LINKS} PRIVATE ${ARG_PRIVATE})
endfunction()

# Warnings and include paths of our own code (not of generated code).
function(weir_settings name)
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
  # -Wno-missing-field-initializers: what a designated initialiser leaves out has its default. -Wno-maybe-uninitialized: gcc 12
  # is wrong about std::optional. -Wno-tsan: gcc warns about
  # atomic_thread_fence in Asio under -fsanitize=thread.
  target_compile_options(${name} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wno-missing-field-initializers $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized> -Werror
    $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
endfunction()
